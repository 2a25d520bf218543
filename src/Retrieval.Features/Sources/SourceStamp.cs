using System.Globalization;
using Retrieval.Features.Files;

namespace Retrieval.Features.Sources;

/// <summary>Tells cheaply whether files are unchanged.</summary>
internal static class SourceStamp
{
    /// <summary>Name, size in bytes and time of last write (ticks, UTC) of each file, in the given order.</summary>
    public static string Of(IEnumerable<string> paths) => string.Join(';', paths.Select(path =>
    {
        var file = InputFile.Find(path);
        return string.Create(CultureInfo.InvariantCulture, $"{Path.GetFileName(path)}:{file.Length}:{file.LastWriteTimeUtc.Ticks}");
    }));
}
