namespace Retrieval.Search.Ingestion;

/// <summary>What a run is about to store.</summary>
/// <param name="SourceKey">Names the source; see <see cref="IngestionOptions.SourceKey"/>.</param>
/// <param name="SourceName">What a person calls the source.</param>
/// <param name="SourceStamp">Which state of it; a changed one begins anew.</param>
/// <param name="BatchRows">Rows of a window, for a run that begins anew.</param>
/// <param name="Part">Number of the part, from 0.</param>
/// <param name="Parts">Parts the source is cut into.</param>
/// <param name="FirstRow">First row of the part.</param>
/// <param name="EndRow">Row behind the part's last; null if it reaches to the end of a source whose rows are not counted.</param>
/// <param name="Restart">Begin at the first row whatever was done before.</param>
public sealed record IngestionStart(
    string SourceKey,
    string SourceName,
    string SourceStamp,
    int BatchRows,
    int Part,
    int Parts,
    long FirstRow,
    long? EndRow,
    bool Restart);
