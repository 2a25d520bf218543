namespace Retrieval.Features.Sources;

/// <summary>
/// A row that cannot be used; or a caption that was left out of a row that can, or a place of a caption or metadata file that is of no
/// row. The rows around it are not affected.
/// </summary>
/// <param name="Source">The name of the file at fault.</param>
/// <param name="Row">The row's position in its source, from 0.</param>
/// <param name="Id">The image's id, if it could be read.</param>
/// <param name="Reason">What was wrong, where in the row, and what was expected.</param>
public sealed record RejectedSample(string Source, long Row, string? Id, string Reason) : SourceItem(Row);
