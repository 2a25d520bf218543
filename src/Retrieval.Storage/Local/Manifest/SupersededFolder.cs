namespace Retrieval.Storage.Local.Manifest;

/// <summary>
/// A data folder whose live rows a compaction has copied into another. The next commit removes it. Until then, readers that have
/// just read the previous manifest may still open it.
/// </summary>
/// <param name="Epoch">Number of the folder.</param>
/// <param name="Generation">The commit that replaced it.</param>
internal sealed record SupersededFolder(int Epoch, long Generation);
