// Blocks its thread for as long as it is told; nothing but the end of the thread stops it.
export default ({ ms }) => {
  const end = Date.now() + ms
  while (Date.now() < end);
  return 'done'
}
