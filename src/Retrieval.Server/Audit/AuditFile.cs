using System.Text;
using Retrieval.Server.Background;
using Serilog.Core;
using Serilog.Events;
using Serilog.Formatting;

namespace Retrieval.Server.Audit;

/// <summary>
/// Appends each event as a line. The file is opened anew for each, and written in one call: it may be renamed or truncated by whoever
/// rotates it, and other processes may append to it too.
/// </summary>
internal sealed class AuditFile : ILogEventSink
{
    private readonly string _path;
    private readonly ITextFormatter _formatter;
    private readonly Lock _gate = new();

    // The file ends with a part of a line: its disk was full, or its writer was killed.
    private bool _torn;

    /// <exception cref="IOException">The file cannot be opened.</exception>
    public AuditFile(string path, ITextFormatter formatter)
    {
        (_path, _formatter) = (path, formatter);
        using var file = NonBlockingFile.ToAppend(path);
        _torn = EndsWithPartOfLine(path);
    }

    /// <exception cref="IOException">The file does not take the line, or not all of it.</exception>
    public void Emit(LogEvent logEvent)
    {
        using var text = new StringWriter();
        _formatter.Format(logEvent, text);
        lock (_gate)
        {
            using var file = NonBlockingFile.ToAppend(_path);
            var line = Encoding.UTF8.GetBytes(_torn ? "\n" + text : text.ToString());
            _torn = true;

            // To its end: the offset counts for nothing where a file is open for appending.
            RandomAccess.Write(file, line, fileOffset: 0);
            _torn = false;
        }
    }

    private static bool EndsWithPartOfLine(string path)
    {
        try
        {
            using var file = NonBlockingFile.ToRead(path);
            Span<byte> last = stackalloc byte[1];
            return RandomAccess.GetLength(file) is > 0 and var length && RandomAccess.Read(file, last, length - 1) == 1 && last[0] != (byte)'\n';
        }
        catch (Exception exception) when (exception is IOException or NotSupportedException)
        {
            // It may be written alone, or is a pipe.
            return false;
        }
    }
}
