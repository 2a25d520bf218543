namespace Retrieval.Server.Ingestions;

/// <summary>The real location of a path: every link in it is followed, not only the last.</summary>
internal static class RealPath
{
    // The same limit as the operating system's.
    private const int MostLinks = 40;

    /// <summary>The path without links, <c>.</c> and <c>..</c>; null if it does not exist, or the links form a cycle.</summary>
    public static string? Of(string path)
    {
        var left = new Stack<string>();
        Push(left, Path.GetFullPath(path));
        var real = "/";
        var links = 0;
        while (left.TryPop(out var segment))
        {
            if (segment == "..")
            {
                real = Path.GetDirectoryName(real) ?? "/";
                continue;
            }

            var next = Path.Combine(real, segment);
            if (LinkOf(next) is { } target)
            {
                if (++links > MostLinks)
                {
                    return null;
                }

                real = Path.IsPathRooted(target) ? "/" : real;
                Push(left, target);
            }
            else if (Path.Exists(next))
            {
                real = next;
            }
            else
            {
                return null;
            }
        }

        return real;
    }

    private static void Push(Stack<string> left, string path)
    {
        foreach (var segment in path.Split('/', StringSplitOptions.RemoveEmptyEntries).Where(segment => segment != ".").Reverse())
        {
            left.Push(segment);
        }
    }

    private static string? LinkOf(string path)
    {
        try
        {
            return new FileInfo(path).LinkTarget;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            return null;
        }
    }
}
