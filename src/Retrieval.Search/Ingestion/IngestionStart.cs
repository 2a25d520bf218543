namespace Retrieval.Search.Ingestion;

/// <summary>What a run is about to store.</summary>
/// <param name="SourceKey">Names the source; see <see cref="IngestionOptions.SourceKey"/>.</param>
/// <param name="SourceName">What a person calls the source.</param>
/// <param name="SourceStamp">Identifies the state of the source; if it has changed, the run starts from the first row.</param>
/// <param name="BatchRows">Rows per window, for a run that starts from the first row.</param>
/// <param name="Part">Number of the part, from 0.</param>
/// <param name="Parts">Parts the source is cut into.</param>
/// <param name="FirstRow">First row of the part.</param>
/// <param name="EndRow">Exclusive end row of the part; null if it extends to the end of a source with an unknown number of rows.</param>
/// <param name="Restart">Start from the first row, whatever was done before.</param>
public sealed record IngestionStart(
    string SourceKey,
    string SourceName,
    string SourceStamp,
    int BatchRows,
    int Part,
    int Parts,
    long FirstRow,
    long? EndRow,
    bool Restart)
{
    /// <summary>For people: what the source's files were recognised as, and what could not be checked.</summary>
    public IReadOnlyList<string> Recognised { get; init; } = [];
}
