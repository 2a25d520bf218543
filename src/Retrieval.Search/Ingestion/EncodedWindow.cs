namespace Retrieval.Search.Ingestion;

/// <summary>A window whose rows are ready to be stored.</summary>
/// <param name="Window">The window, with all its rejects listed.</param>
/// <param name="Rows">Its new rows; null if there are none.</param>
/// <param name="Skipped">Number of its rows that the index already holds unchanged.</param>
internal sealed record EncodedWindow(SampleWindow Window, EncodedRows? Rows, int Skipped)
{
    public IngestionWindow AsStored => new(Window.EndRow, Rows?.Rows, Skipped, Window.Rejects) { RowNumbers = Rows?.RowNumbers ?? [] };
}
