// The conversation between a script and its test: one JSON object per line, questions on standard
// input and answers on standard output. A question has the name of an action. The answer is
// `{"answer": …}`, or `{"refused": …}` with the error of a library. The conversation ends when the
// test closes standard input.

import { createInterface } from 'node:readline';

// Libraries log advice for production with console.info. Standard output is only for answers.
console.info = console.error;

// The members that identify a refusal. The message changes with the library's version, so it comes
// last, and tests don't compare it.
function described(error) {
  // openid-client wraps the errors of oauth4webapi.
  const claim = error.cause?.claim ?? error.cause?.cause?.claim;
  const challenges = Array.isArray(error.cause) ? error.cause : undefined;
  const { name, code, status, error: oauthError, error_description } = error;
  return {
    name,
    code,
    status,
    error: oauthError,
    error_description,
    claim,
    challenges,
    message: error.message,
  };
}

export function say(message) {
  process.stdout.write(`${JSON.stringify(message)}\n`);
}

export async function converse(actions) {
  for await (const line of createInterface({ input: process.stdin })) {
    const { do: action, ...parameters } = JSON.parse(line);
    try {
      say({ answer: (await actions[action](parameters)) ?? null });
    } catch (error) {
      say({ refused: described(error) });
    }
  }
}
