using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>Progress of a part of a source.</summary>
/// <param name="Part">Which part, from 0.</param>
/// <param name="Parts">Into how many the source is divided.</param>
/// <param name="Entry">How far it has come.</param>
public sealed record PartStatus(int Part, int Parts, SourceCheckpoint Entry);
