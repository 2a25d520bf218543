using System.Text.Json.Serialization;

namespace Retrieval.Server.Contracts;

/// <summary>Where images come from: a precomputed split (<c>folder</c> and <c>split</c>), or a detector's TSV file (<c>tsv</c>, optionally with <c>captions</c>). Paths are relative to a configured root.</summary>
/// <param name="Folder">Folder of a precomputed split.</param>
/// <param name="Split">Name of the split.</param>
/// <param name="Tsv">A bottom-up-attention TSV file.</param>
/// <param name="Captions">Captions for the TSV file.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record IngestionSourceRequest(string? Folder = null, string? Split = null, string? Tsv = null, string? Captions = null);
