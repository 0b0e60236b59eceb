/** Returns the handle of the instance of a handle that may also name a port or a region: `pci/0000:01:00.0/1`. */
export const instanceOf = (handle: string) => handle.split("/").slice(0, 2).join("/");
