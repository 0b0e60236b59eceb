/** Which lines of a kernel log come of what is under test, by who logs them. */

/** Lines of the kernel log that come of what is under test; other lines that are no findings are dropped. */
const UNDER_TEST: readonly { pattern: RegExp; reason: string }[] = [
  { pattern: /^netdevsim[ :]/, reason: "the driver's own messages, by dev_printk and by pr_fmt" },
  { pattern: /^Failed to register (fib|nexthop) notifier/, reason: "netdevsim's fib.c, printed without a prefix" },
  { pattern: /^Failed to create region snapshot/, reason: "netdevsim's dev.c, printed without a prefix" },
  { pattern: /^Format for adding new (device|port) is /, reason: "netdevsim's bus.c, printed without a prefix" },
  { pattern: /^The supplied perm_addr is not a valid MAC /, reason: "netdevsim's bus.c, printed without a prefix" },
  { pattern: /^Failed to initialize VF id=/, reason: "netdevsim's dev.c, printed without a prefix" },
  { pattern: /^tx_(share|max) rate value /, reason: "netdevsim's dev.c, printed without a prefix" },
  { pattern: /^(fakemac|fakepcs)[ :]/, reason: "the MAC and PCS module of the fixtures" },
  { pattern: /^devlink[ :]/, reason: "the devlink core" },
];

/** Lines of the same senders that are about something else. */
const NOT_UNDER_TEST: readonly { pattern: RegExp; reason: string }[] = [
  {
    pattern:
      /: (firmware: (failed to load|direct-loading)|Direct firmware load for|loading \S+ failed|Firmware load for) /,
    reason: "the firmware loader's, and what a distribution adds to it",
  },
  { pattern: /: renamed from \S+(?: \(.*\))?$/, reason: "udev of the board gives netdevs its own names" },
  { pattern: /: loading out-of-tree module taints kernel/, reason: "how the module was built" },
  { pattern: /: module verification failed/, reason: "how the module was built" },
];

/** Whether a line that is no finding is compared. */
export function isUnderTest(text: string): boolean {
  const matches = ({ pattern }: { pattern: RegExp }) => pattern.test(text);
  return UNDER_TEST.some(matches) && !NOT_UNDER_TEST.some(matches);
}
