namespace Retrieval.Storage.Local.Files;

/// <summary>One append-only file of an index.</summary>
/// <param name="Ordinal">Its position in <see cref="IndexLayout.Files"/>, which is its number in the list of seals.</param>
/// <param name="Path">Relative to the data folder, with forward slashes.</param>
/// <param name="RowBytes">Bytes of one row; 1 for bytes of variable length.</param>
/// <param name="Counter">What a row belongs to.</param>
internal sealed record IndexFile(int Ordinal, string Path, int RowBytes, RowCounter Counter);
