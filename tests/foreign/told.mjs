// One step a line, as JSON: {"step": name, ...}; one answer a line, with what came of it or what was wrong.
import { createInterface } from 'node:readline'

export async function follow(steps) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { step, ...said } = JSON.parse(line)
    let answer
    try {
      answer = { came: (await steps[step](said)) ?? null }
    } catch (wrong) {
      const challenge = [wrong.cause, wrong.cause?.cause].find(Array.isArray) // of WWW-Authenticate
      const why = challenge?.[0].parameters.error ?? wrong.cause?.message ?? wrong.cause?.error ?? null
      answer = { wrong: wrong.error ?? wrong.code ?? wrong.name, said: wrong.message, why }
    }
    process.stdout.write(`${JSON.stringify(answer)}\n`)
  }
}
