// How strong an event is beside the loudest: 1 for that one, 0 for those `rangeDb` below it and weaker ones.

export const RANGE_DB = 66;

export const strengthOf = (levelDb: number, loudestDb: number, rangeDb = RANGE_DB): number =>
  Math.min(1, Math.max(0, 1 + (levelDb - loudestDb) / rangeDb));
