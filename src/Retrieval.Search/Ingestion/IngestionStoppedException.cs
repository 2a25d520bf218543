using System.Globalization;
using Retrieval.Domain.Errors;

namespace Retrieval.Search.Ingestion;

/// <summary>A run was asked to stop, and did so after a commit. The next run resumes there.</summary>
public sealed class IngestionStoppedException(long nextRow, string? why = null)
    : RetrievalException(string.Create(CultureInfo.InvariantCulture, $"{why ?? "the run was cancelled"}; what is committed stays, and another run resumes at row {nextRow}"))
{
    /// <summary>The first row that is not stored.</summary>
    public long NextRow { get; } = nextRow;
}
