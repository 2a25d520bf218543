using System.Text.Json.Serialization;

namespace Retrieval.Server.Contracts;

/// <summary>Where images come from: a precomputed split (<c>folder</c> and <c>split</c>), or a detector's TSV file (<c>tsv</c>, optionally with <c>captions</c>, the <c>split</c> of these, and <c>columns</c>). Paths are relative to a configured root.</summary>
/// <param name="Folder">Folder of a precomputed split.</param>
/// <param name="Split">Name of the split; with a TSV file, the split of its captions, if their file has splits.</param>
/// <param name="Tsv">A detector's TSV file.</param>
/// <param name="Captions">Captions for the TSV file.</param>
/// <param name="Columns">Columns of the TSV file in order, separated by commas, where they are not recognised.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record IngestionSourceRequest(string? Folder = null, string? Split = null, string? Tsv = null, string? Captions = null, string? Columns = null);
