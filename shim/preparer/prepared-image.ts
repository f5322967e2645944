/** What is known of an unpacked and prepared app. */
export interface PreparedImage {
  /** Manifest or component, relative to the image's folder. */
  readonly entry: string;
}

/** Files in the folder of a cached image, beside its blobs. */
export const preparedImageFile = {
  /** Which manifest to unpack; written by the front. */
  input: "image.json",
  /** A {@link PreparedImage}; written by the preparer when everything else is there. */
  output: "prepared.json",
  /** Folder of prepared components. */
  components: "components",
} as const;
