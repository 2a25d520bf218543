namespace Retrieval.Search.Ingestion;

/// <summary>
/// The rows of one part of a source: whole windows, so that all parts together encode the same batches as an undivided run.
/// </summary>
/// <param name="FirstRow">First row.</param>
/// <param name="EndRow">Exclusive end row; null for no end.</param>
internal readonly record struct PartRange(long FirstRow, long? EndRow)
{
    /// <summary>Cuts a source into contiguous parts whose sizes differ by at most one window.</summary>
    /// <param name="part">Number of the part, from 0.</param>
    /// <param name="parts">Number of parts.</param>
    /// <param name="rows">Rows of the source.</param>
    /// <param name="batchRows">Rows of a window.</param>
    public static PartRange Of(int part, int parts, long rows, int batchRows)
    {
        var windows = (rows + batchRows - 1) / batchRows;

        // The last part reads to the end: after its last row a source may still report something about itself.
        long? end = part == parts - 1 ? null : Bound(part + 1);
        return new PartRange(Bound(part), end);

        long Bound(int before) => windows * before / parts * batchRows;
    }
}
