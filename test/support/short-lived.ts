/**
 * Node's flags for processes that live for a minute or two. V8 would compile what runs often with its optimizing compiler,
 * which is a tenth of all the time that the tests take, and they end before it pays: so only what runs nearly twenty times as often.
 */
export const SHORT_LIVED = ['--interrupt-budget=1200000']
