export default async ({ kind }) => {
  if (kind === 'exit') process.exit(3)
  throw Object.assign(new RangeError('too far'), { limit: 7 })
}
