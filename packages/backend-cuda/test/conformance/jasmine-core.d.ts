// The parts of jasmine-core 3.99 that `environment.ts` uses, and a file of TensorFlow.js without types.
declare module 'jasmine-core/lib/jasmine-core/jasmine.js' {
  interface JasmineEnv {
    configure(settings: object): void;
    addReporter(reporter: object): void;
    execute(): void;
  }
  interface Jasmine {
    getEnv(settings: object): JasmineEnv;
  }
  const jasmineRequire: {
    core(required: unknown): Jasmine;
    interface(jasmine: Jasmine, env: JasmineEnv): object;
  };
  export default jasmineRequire;
}
