'use client'
/** The frame of every diagram: React Flow in the dashboard's tokens, with minimap and fit, moved by pointer and keyboard, edited by nobody. */
import '@xyflow/react/dist/style.css'
import './graph.css'
import {
  Background,
  BackgroundVariant,
  Controls,
  type Edge,
  MiniMap,
  type Node,
  type NodeTypes,
  ReactFlow,
  ReactFlowProvider,
  useReactFlow,
} from '@xyflow/react'
import { type ReactNode, type RefObject, useEffect, useRef } from 'react'
import { cn } from '@/lib/cn'

export interface CanvasProps<AnyNode extends Node> {
  readonly label: string
  readonly nodes: readonly AnyNode[]
  readonly edges: readonly Edge[]
  readonly nodeTypes: NodeTypes
  readonly onPick?: (node: AnyNode | null) => void
  readonly minimapColor?: (node: AnyNode) => string
  readonly note?: string | null
  /** Where to look first when the whole is too large to be read; the top by default. */
  readonly focusId?: string | null
  readonly className?: string
  readonly children?: ReactNode
}

const FIT = { padding: 0.12, maxZoom: 1 }
/** Smaller than this nobody can read it: then a part is better than the whole. */
const READABLE = 0.85
/** A telephone shows this much at least: fingers move the rest. */
const LEAST = 0.55
const MANY = 150

export function Canvas<AnyNode extends Node>(props: CanvasProps<AnyNode>) {
  return (
    <ReactFlowProvider>
      <Frame {...props} />
    </ReactFlowProvider>
  )
}

function Frame<AnyNode extends Node>({
  label,
  nodes,
  edges,
  nodeTypes,
  onPick,
  minimapColor,
  note,
  focusId,
  className,
  children,
}: CanvasProps<AnyNode>) {
  const frame = useRef<HTMLDivElement>(null)
  useFirstView(nodes, focusId ?? null, frame)
  return (
    <div
      ref={frame}
      className={cn(
        'relative overflow-hidden rounded-lg border border-line bg-canvas',
        className ?? 'h-[min(40rem,68vh)]',
      )}
    >
      <ReactFlow<AnyNode>
        nodes={nodes as AnyNode[]}
        edges={edges as Edge[]}
        nodeTypes={nodeTypes}
        defaultViewport={{ x: 0, y: 0, zoom: READABLE }}
        minZoom={0.05}
        maxZoom={2}
        nodesDraggable={false}
        nodesConnectable={false}
        edgesFocusable={false}
        deleteKeyCode={null}
        selectionKeyCode={null}
        multiSelectionKeyCode={null}
        onlyRenderVisibleElements={nodes.length > MANY}
        onNodeClick={(_event, node) => onPick?.(node)}
        onNodesChange={(changes) => {
          // Enter or Space on a focused node selects it, as a click does.
          const chosen = changes.find((change) => change.type === 'select' && change.selected)
          const node = chosen && 'id' in chosen ? nodes.find((one) => one.id === chosen.id) : undefined
          if (node) onPick?.(node)
        }}
        onPaneClick={() => onPick?.(null)}
        proOptions={{ hideAttribution: true }}
        aria-label={label}
      >
        <Background variant={BackgroundVariant.Dots} gap={18} size={1} color="var(--line)" />
        <Controls showInteractive={false} fitViewOptions={FIT} />
        {nodes.length > 6 ? (
          <MiniMap<AnyNode>
            pannable
            zoomable
            ariaLabel={`Overview of the ${label.toLowerCase()}`}
            className="max-sm:!hidden"
            nodeColor={minimapColor ?? 'var(--line-strong)'}
            nodeStrokeWidth={0}
            maskColor="color-mix(in oklab, var(--canvas) 70%, transparent)"
            bgColor="var(--surface)"
          />
        ) : null}
        {children}
      </ReactFlow>
      {note ? (
        <p className="pointer-events-none absolute inset-x-0 top-0 mx-auto w-fit max-w-[70%] rounded-b-md bg-surface/90 px-2.5 py-1 text-center text-ink-muted text-xs">
          {note}
        </p>
      ) : null}
    </div>
  )
}

/** Looks at the whole if it can be read, else at the focus, else at the top. Again whenever the set of nodes changes, never when a state does. */
function useFirstView(nodes: readonly Node[], focusId: string | null, frame: RefObject<HTMLDivElement | null>): void {
  const flow = useReactFlow()
  const signature = `${nodes.length} ${nodes[0]?.id} ${nodes.at(-1)?.id}`
  // biome-ignore lint/correctness/useExhaustiveDependencies: the signature stands for the set of nodes
  useEffect(() => {
    const width = frame.current?.clientWidth ?? 0
    const height = frame.current?.clientHeight ?? 0
    if (width === 0 || nodes.length === 0) return
    const bounds = boundsOf(nodes)
    const whole = Math.min((width / bounds.width) * 0.9, (height / bounds.height) * 0.9)
    const byWidth = Math.max(LEAST, (width / bounds.width) * 0.94)
    const zoom = Math.min(1, Math.max(whole, Math.min(READABLE, byWidth)))
    const focus = nodes.find((node) => node.id === focusId)
    const middle = { x: bounds.x + bounds.width / 2, y: bounds.y + bounds.height / 2 }
    const isWhole = bounds.height * zoom <= height
    const y = isWhole
      ? height / 2 - middle.y * zoom
      : focus
        ? height / 2 - (focus.position.y + 26) * zoom
        : 24 - bounds.y * zoom
    const isWide = bounds.width * zoom > width
    void flow.setViewport({ x: isWide ? 12 - bounds.x * zoom : width / 2 - middle.x * zoom, y, zoom })
  }, [signature])
}

function boundsOf(nodes: readonly Node[]) {
  const left = Math.min(...nodes.map((node) => node.position.x))
  const top = Math.min(...nodes.map((node) => node.position.y))
  const right = Math.max(...nodes.map((node) => node.position.x + (node.width ?? 0)))
  const bottom = Math.max(...nodes.map((node) => node.position.y + (node.height ?? 0)))
  return { x: left, y: top, width: right - left, height: bottom - top }
}
