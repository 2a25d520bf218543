using Retrieval.Domain.Errors;
using Retrieval.Server.Errors;

namespace Retrieval.Server.Ingestions;

/// <summary>
/// The folders that may contain sources. Callers name sources relative to one of these; nothing outside is opened, whatever the
/// name and the links. Anyone who may write below a root is trusted with its contents.
/// </summary>
internal sealed class SourceRoots(IReadOnlyList<string> roots)
{
    private const int LongestPath = 1024;
    private static readonly string[] Encoded = ["%2f", "%5c", "%2e", "%00"];
    private readonly (string Named, string? Real)[] _roots = [.. roots.Select(root => (Path.TrimEndingDirectorySeparator(Path.GetFullPath(root)), RealPath.Of(root)))];

    /// <summary>Whether any roots are configured.</summary>
    public bool Any => _roots.Length > 0;

    /// <summary>Finds the path that a caller named.</summary>
    /// <param name="relative">The path below a root, its segments separated by slashes.</param>
    /// <param name="field">The member of the request, for errors.</param>
    /// <exception cref="InvalidInputException">The path is malformed, or does not exist.</exception>
    /// <exception cref="ForbiddenException">A link leads out of the root.</exception>
    public SourcePath Find(string relative, string field)
    {
        Check(relative, field);
        foreach (var (named, real) in _roots)
        {
            var path = Path.Combine(named, relative);
            if (real is not null && RealPath.Of(path) is { } found)
            {
                return new SourcePath(path, Within(real, found, field), real);
            }
        }

        throw new InvalidInputException("there is nothing of this name below the configured roots", field: field);
    }

    /// <summary>Checks a file that will be opened along with the source; it need not exist.</summary>
    /// <exception cref="ForbiddenException">A link leads out of the root.</exception>
    public static void Check(SourcePath folder, string file, string field)
    {
        if (RealPath.Of(Path.Combine(folder.Real, file)) is { } found)
        {
            Within(folder.Root, found, field);
        }
    }

    /// <summary>A path in the form shown to callers: without the location of the roots.</summary>
    public string Public(string path)
    {
        foreach (var (named, real) in _roots)
        {
            path = path.Replace(named + "/", "", StringComparison.Ordinal);
            path = real is null ? path : path.Replace(real + "/", "", StringComparison.Ordinal);
        }

        return path;
    }

    private static string Within(string root, string real, string field) => real == root || real.StartsWith(root.TrimEnd('/') + "/", StringComparison.Ordinal)
        ? real
        : throw new ForbiddenException($"{field}: a link leads out of the configured roots");

    private static void Check(string relative, string field)
    {
        var fault = relative switch
        {
            { Length: 0 or > LongestPath } => $"{relative.Length} characters; expected 1 to {LongestPath}",
            _ when Path.IsPathRooted(relative) => "is a full path; expected one below a configured root",
            _ when relative.Any(char.IsControl) || relative.Contains('\\', StringComparison.Ordinal) => "holds a control character or a backslash; expected segments separated by slashes",
            _ when Encoded.Any(sign => relative.Contains(sign, StringComparison.OrdinalIgnoreCase)) => "holds an encoded separator or dot; expected the path as it is",
            _ when relative.Split('/').Any(segment => segment is "" or "." or "..") => "holds an empty segment, '.' or '..'; expected a path below a configured root",
            _ => null,
        };
        if (fault is not null)
        {
            throw new InvalidInputException(fault, field: field);
        }
    }
}
