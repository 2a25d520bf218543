using Retrieval.Features.Pictures;
using Retrieval.Server.Ingestions;

namespace Retrieval.Server.Pictures;

/// <summary>
/// The folder of pictures. An id names a file below it, whatever the id looks like: it is never a path that leads anywhere else, and
/// a link that leaves the folder is not followed.
/// </summary>
internal sealed class PictureFolder(string folder)
{
    private readonly string _real = RealPath.Of(folder) ?? Path.GetFullPath(folder);

    /// <summary>The file of an id; null if there is none.</summary>
    public string? Find(string id) => IsPlain(id)
        ? Names(id).Select(name => RealPath.Of(Path.Combine(_real, name))).FirstOrDefault(path => path is not null && IsBelow(path) && File.Exists(path))
        : null;

    private static IEnumerable<string> Names(string id) =>
        [.. PictureType.Extensions.Where(end => id.EndsWith(end, StringComparison.OrdinalIgnoreCase)).Select(_ => id), .. PictureType.Extensions.Select(end => id + end)];

    private static bool IsPlain(string id) => !id.Any(letter => char.IsControl(letter) || letter == '\\') && id.Split('/').All(segment => segment is not ("" or "." or ".."));

    private bool IsBelow(string path) => path.StartsWith(_real.TrimEnd('/') + "/", StringComparison.Ordinal);
}
