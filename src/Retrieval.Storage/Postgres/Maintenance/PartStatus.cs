using Retrieval.Storage.Rows;

namespace Retrieval.Storage.Postgres.Maintenance;

/// <summary>Progress of a part of a source.</summary>
/// <param name="Part">Which part, from 0.</param>
/// <param name="Parts">The number of parts the source is divided into.</param>
/// <param name="Entry">Its checkpoint.</param>
public sealed record PartStatus(int Part, int Parts, SourceCheckpoint Entry);
