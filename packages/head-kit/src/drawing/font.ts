/** Width and height of a character, in font pixels; one more column separates characters. */
export const glyphWidth = 5;
export const glyphHeight = 9;

/**
 * A bitmap font, drawn for this package: capitals of 5 x 7, two more rows for what hangs below the line. A character is its rows from top
 * to bottom, a row one digit of base 32: its five bits are the pixels from left (16) to right (1). Missing last rows are empty.
 */
const glyphs: Readonly<Record<string, string>> = {
  ' ': '0000000',
  '!': '4444404',
  '"': 'AA00000',
  '#': 'AAVAVAA',
  $: '4FKE5U4',
  '%': 'OP248J3',
  '&': 'CII8LID',
  "'": '4400000',
  '(': '2488842',
  ')': '8422248',
  '*': '0ALELA0',
  '+': '044V440',
  ',': '000000448',
  '-': '000V000',
  '.': '0000066',
  '/': '01248G0',
  '0': 'EHJLPHE',
  '1': '4C4444E',
  '2': 'EH1248V',
  '3': 'V2421HE',
  '4': '26AIV22',
  '5': 'VGU11HE',
  '6': '68GUHHE',
  '7': 'V124888',
  '8': 'EHHEHHE',
  '9': 'EHHF12C',
  ':': '0660660',
  ';': '006600448',
  '<': '248G842',
  '=': '00V0V00',
  '>': '8421248',
  '?': 'EH12404',
  '@': 'EHNLNGE',
  A: 'EHHVHHH',
  B: 'UHHUHHU',
  C: 'EHGGGHE',
  D: 'SIHHHIS',
  E: 'VGGUGGV',
  F: 'VGGUGGG',
  G: 'EHGNHHF',
  H: 'HHHVHHH',
  I: 'E44444E',
  J: '72222IC',
  K: 'HIKOKIH',
  L: 'GGGGGGV',
  M: 'HRLLHHH',
  N: 'HHPLJHH',
  O: 'EHHHHHE',
  P: 'UHHUGGG',
  Q: 'EHHHLID',
  R: 'UHHUKIH',
  S: 'FGGE11U',
  T: 'V444444',
  U: 'HHHHHHE',
  V: 'HHHHHA4',
  W: 'HHHLLLA',
  X: 'HHA4AHH',
  Y: 'HHA4444',
  Z: 'V1248GV',
  '[': 'E88888E',
  '\\': '0G84210',
  ']': 'E22222E',
  '^': '4AH0000',
  _: '0000000V',
  '`': '8400000',
  a: '00E1FHF',
  b: 'GGMPHHU',
  c: '00EGGHE',
  d: '11DJHHF',
  e: '00EHVGE',
  f: '698S888',
  g: '00FHHHF1E',
  h: 'GGMPHHH',
  i: '40C444E',
  j: '2062222IC',
  k: 'GGIKOKI',
  l: 'C44444E',
  m: '00QLLHH',
  n: '00MPHHH',
  o: '00EHHHE',
  p: '00MPHHUGG',
  q: '00DJHHF11',
  r: '00MPGGG',
  s: '00EGE1U',
  t: '88S8896',
  u: '00HHHJD',
  v: '00HHHA4',
  w: '00HHLLA',
  x: '00HA4AH',
  y: '00HHHHF1E',
  z: '00V248V',
  '{': '2448442',
  '|': '4444444',
  '}': '8442448',
  '~': '008L200',
};

/** What stands for a character without a drawing: a box. */
const unknown = 'VHHHHHV';

/** The rows of a character, five bits each; rows that are missing at the end are empty. Accents are dropped: é is drawn as e. */
export function glyphRows(character: string): readonly number[] {
  const plain = character.normalize('NFD')[0] ?? character;
  const rows = glyphs[character] ?? glyphs[plain] ?? unknown;
  return Array.from(rows, (digit) => Number.parseInt(digit, 32));
}

/** Width of a line of text in font pixels, without the last gap. */
export function textWidth(text: string): number {
  return Math.max(0, [...text].length * (glyphWidth + 1) - 1);
}
