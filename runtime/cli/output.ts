/**
 * What a command says: sentences for people, or one JSON object per line for programs, never both. A
 * terminal also gets one line of progress that is written over.
 */

export interface Output {
  readonly isJson: boolean;
  /** For people; nothing when a program is reading. */
  say(line: string): void;
  /** For programs; nothing when a person is reading. */
  tell(fact: object): void;
  /** The line that is written over; the next thing said takes its place. */
  progress(line: string): void;
}

export interface Terminal {
  readonly isTTY?: boolean;
  readonly columns?: number;
  write(text: string): unknown;
}

export function outputTo(terminal: Terminal, { isJson }: { isJson: boolean }): Output {
  const isLive = terminal.isTTY === true && !isJson;
  let isDirty = false;
  const clear = (): string => {
    const text = isDirty ? CLEAR_LINE : '';
    isDirty = false;
    return text;
  };
  return {
    isJson,
    say(line) {
      if (!isJson) terminal.write(`${clear()}${visible(line)}\n`);
    },
    tell(fact) {
      if (isJson) terminal.write(`${JSON.stringify(fact)}\n`);
    },
    progress(line) {
      if (!isLive) return;
      const text = visible(line).slice(0, (terminal.columns ?? 80) - 1);
      terminal.write(`${CLEAR_LINE}${text}`);
      isDirty = true;
    },
  };
}

const CLEAR_LINE = '\r\u001b[2K';

/** Names that customers typed may hold signs that move the cursor; they are shown, not sent. */
function visible(text: string): string {
  return text.replaceAll(/[^\P{Cc}\n]/gu, (sign) => {
    return `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`;
  });
}
