/** Who has dealt with whom in the last day: by fruitless matches, and by matches that settled. */
export interface Dealings {
  fruitlessWith(account: string): ReadonlySet<string>;
  settledWith(account: string): ReadonlySet<string>;
}

/** How many accounts of clean record must have settled with an account for its word to count. */
const MIN_VOUCHERS = 2;
/** The most accounts looked at for each: the rule is about two, and a hub has thousands. */
const MAX_LOOKED_AT = 50;

/**
 * Whether an account rests for its fruitless matches. A fruitless match says that one of its accounts is at fault, and not which.
 *
 * 1. An account has a clean record when it has no fruitless match.
 * 2. An account is vouched for when it has settled with at least two accounts of clean record. The accused does not count.
 * 3. A witness is an account that is vouched for and has a fruitless match with the accused.
 * 4. Two witnesses are unrelated when they have not settled with each other, and each has a voucher that is not the other's,
 *    and these two have not settled with each other.
 * 5. The accused rests when two of its witnesses are unrelated.
 *
 * So what a ring settles within itself counts for nothing once its members have fruitless matches, and where their clean half
 * vouches for the others, those are related. A newcomer that meets only such accounts does not rest.
 */
export function mustRest(accused: string, dealings: Dealings): boolean {
  const witnesses = [...dealings.fruitlessWith(accused)]
    .slice(0, MAX_LOOKED_AT)
    .map((account) => ({ account, vouchers: vouchersOf(account, accused, dealings) }))
    .filter(({ vouchers }) => vouchers.size >= MIN_VOUCHERS);
  return witnesses.some((one, index) =>
    witnesses.slice(index + 1).some((other) => areUnrelated(one, other, dealings)),
  );
}

interface Witness {
  readonly account: string;
  readonly vouchers: ReadonlySet<string>;
}

function vouchersOf(account: string, accused: string, dealings: Dealings): ReadonlySet<string> {
  const vouchers = new Set<string>();
  for (const other of dealings.settledWith(account)) {
    if (vouchers.size >= MAX_LOOKED_AT) break;
    if (other === accused || other === account) continue;
    if (dealings.fruitlessWith(other).size === 0) vouchers.add(other);
  }
  return vouchers;
}

function areUnrelated(one: Witness, other: Witness, dealings: Dealings): boolean {
  if (dealings.settledWith(one.account).has(other.account)) return false;
  const own = [...one.vouchers].filter((voucher) => !other.vouchers.has(voucher));
  const theirs = [...other.vouchers].filter((voucher) => !one.vouchers.has(voucher));
  return own.some((voucher) => {
    const settled = dealings.settledWith(voucher);
    return theirs.some((voucherOfOther) => !settled.has(voucherOfOther));
  });
}
