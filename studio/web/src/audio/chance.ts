// How likely at least `right` of `n` answers are right where each is a toss of a coin, in words.
export function byChance(right: number, n: number): string {
  let likely = 0;
  let ways = 1; // n over k
  for (let k = 0; k <= n; k++) {
    if (k >= right) likely += ways / 2 ** n;
    ways = (ways * (n - k)) / (k + 1);
  }
  return likely < 0.001 ? "under 0.1 %" : `${+(100 * Math.min(1, likely)).toPrecision(2)} %`;
}
