/** Where things stand in a chart: margins, and ticks that read well. */
export interface Frame {
  width: number;
  height: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

export function frame(width: number, height: number): Frame {
  return { width, height, left: 40, right: 12, top: 10, bottom: 24 };
}
