namespace Retrieval.Search.Ingestion;

/// <summary>The rows of one part of a source: whole windows, so that all parts together encode the batches of an undivided run.</summary>
/// <param name="FirstRow">First row.</param>
/// <param name="EndRow">Row behind the last; null for all that follow.</param>
internal readonly record struct PartRange(long FirstRow, long? EndRow)
{
    /// <summary>Cuts a source into contiguous parts that differ by at most one window.</summary>
    /// <param name="part">Number of the part, from 0.</param>
    /// <param name="parts">How many there are.</param>
    /// <param name="rows">Rows of the source.</param>
    /// <param name="batchRows">Rows of a window.</param>
    public static PartRange Of(int part, int parts, long rows, int batchRows)
    {
        var windows = (rows + batchRows - 1) / batchRows;

        // The last part reads on to the end: behind its rows a source may have something to say of itself.
        long? end = part == parts - 1 ? null : Bound(part + 1);
        return new PartRange(Bound(part), end);

        long Bound(int before) => windows * before / parts * batchRows;
    }
}
