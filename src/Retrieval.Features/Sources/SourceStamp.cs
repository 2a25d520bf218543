using System.Globalization;
using Retrieval.Features.Files;

namespace Retrieval.Features.Sources;

/// <summary>Tells cheaply whether files are still the same.</summary>
internal static class SourceStamp
{
    /// <summary>Name, bytes and time of last writing (ticks, UTC) of each file, in the order given.</summary>
    public static string Of(IEnumerable<string> paths) => string.Join(';', paths.Select(path =>
    {
        var file = InputFile.Find(path);
        return string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(path)}:{file.Length}:{file.LastWriteTimeUtc.Ticks}");
    }));
}
