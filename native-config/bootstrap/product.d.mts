/** Puts what runs into a new folder: the files of package.json's "files", and the Node packages they need. */
export function stageProduct(folder: string): Promise<void>;
