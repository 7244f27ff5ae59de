/** How far back usage is shown, in days. By itself: the console takes it without the schemas, whose library its policy refuses. */
export const USAGE_DAYS = [7, 30, 90] as const;
export type UsageDays = (typeof USAGE_DAYS)[number];
