using System.Security.Cryptography;

namespace Retrieval.Server.Console;

/// <summary>The files of the console, which are part of the assembly.</summary>
internal static class ConsoleFiles
{
    /// <summary>Begins the resource's name of each.</summary>
    private const string Prefix = "console/";

    private static readonly Dictionary<string, string> MediaTypes = new(StringComparer.Ordinal)
    {
        [".html"] = "text/html; charset=utf-8",
        [".css"] = "text/css; charset=utf-8",
        [".js"] = "text/javascript; charset=utf-8",
        [".svg"] = "image/svg+xml",
    };

    /// <summary>All files by their names.</summary>
    public static IReadOnlyDictionary<string, ConsoleFile> All { get; } = Read();

    private static Dictionary<string, ConsoleFile> Read()
    {
        var assembly = typeof(ConsoleFiles).Assembly;
        var files = new Dictionary<string, ConsoleFile>(StringComparer.Ordinal);
        foreach (var resource in assembly.GetManifestResourceNames().Where(name => name.StartsWith(Prefix, StringComparison.Ordinal)))
        {
            using var stream = assembly.GetManifestResourceStream(resource)!;
            var content = new byte[stream.Length];
            stream.ReadExactly(content);
            files[resource[Prefix.Length..]] = new ConsoleFile(content, MediaTypes[Path.GetExtension(resource)], $"\"{Convert.ToHexStringLower(SHA256.HashData(content))[..16]}\"");
        }

        return files;
    }
}
