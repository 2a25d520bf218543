using System.Runtime.InteropServices;

namespace Retrieval.Server.Limits.Connections;

/// <summary>How many descriptors (files, sockets) this process may have open at once: <c>ulimit -n</c>.</summary>
public static partial class OpenFileLimit
{
    /// <summary>
    /// Lowest limit at which the program can start at all. Each loaded assembly holds a descriptor; a command that only prints takes
    /// about a hundred, a server 230 before it has opened an index.
    /// </summary>
    public const long LeastForProgram = 256;

    private const int NumberOfOpenFiles = 7;
    private const int StandardError = 2;

    /// <summary>The current limit; null if the system has none.</summary>
    public static long? Current =>
        OperatingSystem.IsLinux() && GetLimit(NumberOfOpenFiles, out var limit) == 0 && limit.Soft <= long.MaxValue ? (long)limit.Soft : null;

    /// <summary>
    /// Returns true, and writes one line to standard error, when the limit is too low to start. It uses nothing that opens a file,
    /// so it can be called before anything else is loaded: below the limit .NET cannot even print an exception.
    /// </summary>
    public static bool IsTooLowToStart()
    {
        if (Current is not { } limit || limit >= LeastForProgram)
        {
            return false;
        }

        var text = "retrieval: the limit of open files (ulimit -n) is " + limit + "; expected at least " + LeastForProgram + "\n";
        Span<byte> line = stackalloc byte[text.Length];
        for (var i = 0; i < line.Length; i++)
        {
            line[i] = (byte)text[i];
        }

        _ = Write(StandardError, line, line.Length);
        return true;
    }

    [LibraryImport("libc", EntryPoint = "getrlimit")]
    private static partial int GetLimit(int resource, out Limit limit);

    [LibraryImport("libc", EntryPoint = "write")]
    private static partial nint Write(int descriptor, ReadOnlySpan<byte> bytes, nint count);

    [StructLayout(LayoutKind.Sequential)]
    private struct Limit
    {
        public ulong Soft;
        public ulong Hard;
    }
}
