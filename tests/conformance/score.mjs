// Counts the checks of one suite, and says at the end in one line how many passed.

export class Score {
  constructor(title) {
    this.title = title;
    this.passed = 0;
    this.failed = 0;
  }

  /** Run one check; one that throws has failed, and says so. What the check returns is returned. */
  async check(name, work) {
    try {
      const value = await work();
      this.passed += 1;
      return value;
    } catch (error) {
      this.failed += 1;
      console.error(`${this.title}: ${name}: ${error?.stack ?? error}`);
      return undefined;
    }
  }

  /** Print the score; the process ends with 1 where a check failed, or where there are not `expected` of them. */
  end(expected) {
    console.log(`${this.title}: ${this.passed} passed, ${this.failed} failed`);
    if (expected !== undefined && this.passed + this.failed !== expected) {
      console.error(`${this.title}: ${this.passed + this.failed} checks ran, and there should be ${expected}.`);
      process.exitCode = 1;
    }
    if (this.failed > 0 || this.passed === 0) process.exitCode = 1;
  }
}

/** Ask a GraphQL endpoint, and return the whole answer. */
export async function ask(url, query, variables = {}, headers = {}) {
  const response = await fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json', ...headers },
    body: JSON.stringify({ query, variables }),
    signal: AbortSignal.timeout(60_000),
  });
  return response.json();
}

/** Ask, and return the data; throws where there are errors. */
export async function data(url, query, variables, headers) {
  const answer = await ask(url, query, variables, headers);
  if (answer.errors) throw new Error(JSON.stringify(answer.errors));
  return answer.data;
}
