using System.Text.Json.Serialization;

namespace Retrieval.Server.Contracts;

/// <summary>Where images come from: a precomputed split (<c>folder</c> and <c>split</c>), a detector's TSV file (<c>tsv</c>), a folder of arrays (<c>arrays</c>), or an HDF5 file (<c>hdf5</c>); the last three optionally with <c>captions</c> and the <c>split</c> of these; each optionally with <c>metadata</c>. Paths are relative to a configured root.</summary>
/// <param name="Folder">Folder of a precomputed split.</param>
/// <param name="Split">Name of the split; with another source, the split of its captions, if their file has splits.</param>
/// <param name="Tsv">A detector's TSV file.</param>
/// <param name="Captions">Captions for a source that is no split.</param>
/// <param name="Columns">Columns of the TSV file in order, separated by commas, where they are not recognised.</param>
/// <param name="Arrays">Folder of <c>.npz</c> or <c>.npy</c> files, one an image.</param>
/// <param name="Hdf5">An HDF5 file.</param>
/// <param name="Datasets">Names of datasets of the HDF5 file, <c>features=a,ids=b</c>, where they are not recognised.</param>
/// <param name="Metadata">Metadata by id, for any source: lines of <c>{"id": "a.jpg", "metadata": {"year": 2024}}</c>.</param>
[JsonUnmappedMemberHandling(JsonUnmappedMemberHandling.Disallow)]
public sealed record IngestionSourceRequest(
    string? Folder = null,
    string? Split = null,
    string? Tsv = null,
    string? Captions = null,
    string? Columns = null,
    string? Arrays = null,
    string? Hdf5 = null,
    string? Datasets = null,
    string? Metadata = null);
