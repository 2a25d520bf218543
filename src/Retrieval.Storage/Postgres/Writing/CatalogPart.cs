namespace Retrieval.Storage.Postgres.Writing;

/// <summary>How far one part of a source has come.</summary>
/// <param name="Part">Which part, from 0.</param>
/// <param name="SourceStamp">Which state of the source.</param>
/// <param name="BatchRows">Rows encoded together.</param>
/// <param name="NextRow">First row that is not committed yet.</param>
/// <param name="Completed">Whether the part was read to its end.</param>
public sealed record CatalogPart(int Part, string SourceStamp, int BatchRows, long NextRow, bool Completed);
