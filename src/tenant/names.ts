import type { Random } from '#ports/random'

const adjectives =
  'able amber bold brave bright brisk calm clear clever cosy crisp eager early fair fleet fond frank free fresh gentle glad golden grand happy hardy honest humble jolly keen kind lively loyal lucid lucky mellow merry mild neat nimble noble patient plain polite proud quick quiet rapid ready rosy sharp silent simple sober solid spry steady sunny swift tidy trusty vivid warm wise witty'.split(
    ' ',
  )
const nouns =
  'abel babbage banach bell bernoulli boole cantor cauchy chebyshev cohen curie dijkstra dirac einstein erdos euclid euler faraday fermat feynman fourier franklin galois gauss godel hamming hilbert hopper hypatia johnson kepler kolmogorov kovalevskaya lamarr lamport laplace leibniz liskov lovelace markov maxwell mendeleev meitner mirzakhani newton noether pascal pauling perlman planck poincare ramanujan riemann ritchie shannon tesla thompson torvalds turing volta wiles wilson wozniak wu'.split(
    ' ',
  )

const pick = (random: Random, words: readonly string[]): string =>
  words[random.integer(words.length)] ?? 'plain'

const triesMax = 20

/** A name such as docker gives, `keen_noether`, that is not `taken`; a number is added when luck runs out. */
export const randomName = (random: Random, taken: (name: string) => boolean): string => {
  for (let count = 0; count < triesMax; count += 1) {
    const name = `${pick(random, adjectives)}_${pick(random, nouns)}`
    if (!taken(name)) return name
  }
  return `${pick(random, adjectives)}_${pick(random, nouns)}_${random.integer(2 ** 31)}`
}
