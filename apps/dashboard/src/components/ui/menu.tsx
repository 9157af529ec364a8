'use client'
/**
 * Menus are behind a button, so their machinery (positioning, focus, typeahead) is fetched when the pointer or the focus comes near, not with the page.
 * Until then the trigger is a plain button that says it has a menu.
 */
import type { MenuProps } from './menu-types'
import { onDemand } from './on-demand'

export const Menu = onDemand<MenuProps>('menu', () => import('./menu-content').then((module) => module.MenuContent))
