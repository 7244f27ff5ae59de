/**
 * Every bound of the product, with its unit last in its name. A number that limits something belongs here, so that a
 * reader finds all of them on one page and a message can quote the one that was hit.
 */
const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const MIB = 1024 * 1024;

export const LIMITS = {
  // Requests
  bodyBytesMax: MIB,
  bodyReadMsMax: 15 * SECOND,
  headerBytesMax: 16 * 1024,
  urlCharsMax: 2048,
  idempotencyKeyCharsMax: 255,
  idempotencyLifeMs: DAY,
  idempotencyWaitMs: 2 * SECOND,
  preferWaitSecondsMax: 60,
  listLimitDefault: 20,
  listLimitMax: 100,
  batchItemsMax: 100,
  /** Of an `Idempotency-Key`, for the number of the item: `#99`. */
  batchKeyCharsReserved: 5,
  keyRatePerSecond: 10,
  keyRateBurst: 50,
  queuedPerWorkspaceMax: 1000,
  /** Captures of one workspace that may wait in one server to be taken down. */
  acceptWaitingMax: 500,

  // Auth state
  cookiesMax: 200,
  cookieBytesMax: 4096,
  storageOriginsMax: 10,
  storageItemsMax: 500,
  storageBytesMax: 512 * 1024,
  headersMax: 50,
  headerValueCharsMax: 8192,
  authItemsShownMax: 300,
  authNameCharsShownMax: 200,
  sealedAuthBytesMax: MIB,
  sealedAuthLifeMsMax: DAY,
  kidCharsMax: 200,

  // Page
  actionsMax: 50,
  selectorCharsMax: 1000,
  textCharsMax: 10_000,
  scriptCharsMax: 50_000,
  stylesMax: 20,
  waitsMax: 10,
  expectsMax: 20,
  blockRulesMax: 50,
  blockedShownMax: 100,
  globStarsMax: 20,
  redactRulesMax: 50,
  redactRegexCharsMax: 500,
  redactReplacementCharsMax: 100,
  redactStepsMax: 10_000_000,
  redactTriesMax: 3,
  redactSweepMsMax: 10 * SECOND,
  redactFramesMax: 100,
  viewportSidePxMax: 7680,
  areaPxMax: 64_000_000,
  heightPxMax: 50_000,
  webpSidePxMax: 16_383,
  pictureSelectorsMax: 20,
  paddingPxMax: 1000,
  printAreaPxMax: 500_000,
  largePicturePx: 16_000_000,
  pdfPagesMax: 2000,
  /** 14,400 units of 1/72 inch: the longest side that readers of PDF must show. */
  pdfSidePxMax: 19_200,
  redirectsMax: 20,
  delayMsMax: 60 * SECOND,
  timeoutMsMin: 100,
  totalTimeoutMsMin: SECOND,
  totalTimeoutMsMax: 5 * MINUTE,
  proxyBytesMax: 200 * MIB,
  proxyConnectionsMax: 64,
  dnsMsMax: 5 * SECOND,
  /** Of the four threads that Node has for look-ups and files. */
  lookUpsMax: 3,
  captureLookUpsMax: 2,

  // Results
  assetBytesMax: 50 * MIB,
  linkLifeMsDefault: 15 * MINUTE,
  linkLifeMsMin: MINUTE,
  linkLifeMsMax: HOUR,
  linkSkewMs: 5 * MINUTE,
  retentionMsDefault: 30 * DAY,
  retentionMsMin: HOUR,
  retentionMsMax: 365 * DAY,
  deadlineMsDefault: 10 * MINUTE,
  deadlineMsMin: 5 * SECOND,
  deadlineMsMax: DAY,
  tagsMax: 20,
  tagKeyCharsMax: 64,
  tagValueCharsMax: 256,
  referenceCharsMax: 256,

  // Jobs
  leaseMs: 30 * SECOND,
  heartbeatHoldMsMax: 10 * SECOND,
  claimWaitMsMax: 25 * SECOND,
  attemptsMax: 5,
  targetAttemptsMax: 2,
  runnerDeathsMax: 2,
  uploadGraceMs: 5 * MINUTE,
  /** How long a job that must be alone waits for the others of its runner; less than the grace of its upload. */
  aloneWaitMsMax: 4 * MINUTE,
  confirmMsMax: 5 * SECOND,
  outboxPollMs: SECOND,
  outboxBatch: 100,
  reconcileMs: 30 * SECOND,
  announcedStaleMs: 2 * MINUTE,
  orphanBlobAgeMs: HOUR,
  livenessMs: 15 * SECOND,
  /** How long a revocation ends captures before it leaves the rest to the next call. */
  revokeMsMax: 20 * SECOND,
  /** Rows that one call of a purge takes at most. */
  purgeBatch: 500,
  purgeRecordsBatch: 5000,

  // Runner
  claimAheadMsMax: 2 * SECOND,
  drainMsDefault: 60 * SECOND,
  signalRepeatMs: 500,
  callMsMax: 15 * SECOND,
  callRetryMsMax: 5 * SECOND,
  doorbellClaimMsMax: 2 * MINUTE,
  controlAnswerBytesMax: 16 * MIB,
  uploadMsMax: 60 * SECOND,
  uploadTriesMax: 4,
  slotMemoryBytes: 256 * MIB,
  spareMemoryBytes: 512 * MIB,
  slotsMax: 64,
  profileBytesMin: 1024 * MIB,
  profileSlotBytes: 256 * MIB,
  abortGraceMs: 4 * SECOND,
  browserStartMsMax: 30 * SECOND,
  browserCloseMsMax: 2 * SECOND,
  tabsReadyMax: 8,
  browserMemoryBytesMax: 1024 * MIB,
  browserCapturesMax: 100,
  browserLifeMs: 30 * MINUTE,
  selfTestMsMax: 30 * SECOND,
  proxyHeadersMsMax: 10 * SECOND,
  proxyConnectMsMax: 10 * SECOND,
  proxyIdleMsMax: 2 * MINUTE,
  proxyAddressesMax: 8,
  proxyHostsShownMax: 200,

  // Server: streams, loops, stop
  ssePingMs: 10 * SECOND,
  sseLifeMsMax: HOUR,
  watchPollMs: 5 * SECOND,
  watchRecent: 20,
  recoverMs: 5 * SECOND,
  recoverFirstMs: 15 * SECOND,
  expireMs: MINUTE,
  orphanSweepMs: 10 * MINUTE,
  serverDrainMsMax: 20 * SECOND,
  partCheckMsMax: 2 * SECOND,

  // Console and access
  signInLinkLifeMs: 15 * MINUTE,
  inviteLifeMs: 7 * DAY,
  consoleSessionLifeMs: 7 * DAY,
  passwordBytesMax: 72,
  passwordCharsMin: 12,
  /** A password that would be guessed within so many tries is refused. An account lets 9,600 a day through: 28 years. */
  passwordGuessesMin: 100_000_000,
  nameCharsMax: 120,
  /** Networks that a key is known to be used from; and networks new to it that nobody has looked at. The oldest go. */
  keyNetworksMax: 20,
  keyNewNetworksMax: 10,
  /** Of a `User-Agent`, as it is kept. */
  clientCharsMax: 100,
  addressCharsMax: 64,
  /** The highest bound that a key can be given for its captures at once. */
  keyConcurrencyMax: 1000,
  /** How long after a link or single sign-on a forgotten password may be set anew. */
  freshProofMs: HOUR,
  /** How long a secret for an authenticator app waits for its first code. */
  totpPendingMs: 15 * MINUTE,
  /** Wrong codes of one account, from everywhere together, within `codeTriesMs`. */
  codeTriesMax: 5,
  codeTriesMs: 15 * MINUTE,
  recoveryCodes: 10,
  sessionsShownMax: 100,
  /** From the step to the identity provider to the step back. */
  oidcFlowMs: 10 * MINUTE,
  oidcCallMsMax: 10 * SECOND,
  oidcAnswerBytesMax: MIB,
  oidcSkewSeconds: 60,
  /** By one sign-in with a proved address. */
  invitesAcceptedMax: 100,
  /** A look-up of the record that proves a domain: one question to a name server, and all of them together. */
  proofTryMsMax: 2 * SECOND,
  proofLookUpMsMax: 5 * SECOND,

  // Webhooks
  /**
   * Before each try of a delivery: the first is made at once, and so within the first of them, each other one after its own.
   * Eight tries within 24 hours.
   */
  webhookGapsMs: [5 * SECOND, 30 * SECOND, 2 * MINUTE, 10 * MINUTE, HOUR, 4 * HOUR, 8 * HOUR, 10 * HOUR],
  /** One try: look-up, connection, request and answer together. */
  webhookTryMsMax: 10 * SECOND,
  /** How long a server owns a try; then it was killed, and another server makes the next. */
  webhookLeaseMs: 30 * SECOND,
  webhookPollMs: SECOND,
  /** Tries that one server makes at a time: all, of one workspace, and (on all servers) at one host for one workspace. */
  webhookSendsMax: 32,
  webhookWorkspaceSendsMax: 16,
  webhookHostSendsMax: 4,
  webhookHeadBytesMax: 16 * 1024,
  webhookAnswerBytesKept: 1024,
  webhookEndpointsMax: 20,
  webhookDescriptionCharsMax: 200,
  webhookAttemptsShownMax: 100,
  /** An endpoint that no try has reached for so long, and that has lost a delivery by it, is disabled. */
  webhookFailingMsMax: 5 * DAY,
  /** How long the secret before is signed with too. */
  webhookOverlapMs: DAY,
  webhookEventLifeMs: 30 * DAY,
  /** Events that one call sends again; the rest by the next one. */
  webhookRecoverMax: 1000,
  webhookPurgeMax: 5000,

  // Audit log
  auditChainMs: SECOND,
  auditBatch: 500,
  auditPageMax: 1000,
  auditVerifyMax: 20_000,
  /** Entries in one file that the console saves; the command line exports without a bound. */
  auditSavedMax: 10_000,
  /** Refusals of one kind by one actor that are recorded in a minute: a flood of them must not fill the disk. */
  auditRefusalsMinuteMax: 100,
} as const;
