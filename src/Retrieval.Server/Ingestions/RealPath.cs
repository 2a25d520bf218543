namespace Retrieval.Server.Ingestions;

/// <summary>Where a path really leads: every link on the way followed, not only the last.</summary>
internal static class RealPath
{
    // As many as the system itself follows.
    private const int MostLinks = 40;

    /// <summary>The path without links, <c>.</c> and <c>..</c>; null if there is nothing, or links lead in a circle.</summary>
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
