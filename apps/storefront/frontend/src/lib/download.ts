/** Let the browser keep what was fetched as a file. */
export function offerFile(content: Blob, name: string): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  link.click();
  // Safari reads the address only after the click is over.
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}
