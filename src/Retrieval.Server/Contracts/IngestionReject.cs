namespace Retrieval.Server.Contracts;

/// <summary>A row that was refused, or a caption or another place of a file that was left out.</summary>
/// <param name="Source">The file that contains the fault.</param>
/// <param name="Row">The source's row, from 0.</param>
/// <param name="Id">The image's id; null if there is none that can be read.</param>
/// <param name="Reason">What was wrong and what was expected.</param>
public sealed record IngestionReject(string Source, long Row, string? Id, string Reason);
