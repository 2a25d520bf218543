using System.Globalization;
using System.Text;

namespace Retrieval.Domain.Errors;

/// <summary>Input that cannot be accepted: a file, a row of it, or a field of a request.</summary>
public sealed class InvalidInputException : RetrievalException
{
    /// <summary>Creates the error. The location is prepended to <paramref name="reason"/>.</summary>
    /// <param name="reason">What was wrong and what was expected.</param>
    /// <param name="file">The file's name, as the caller gave it.</param>
    /// <param name="row">The row (images, zero-based) or line (text files, one-based) at fault.</param>
    /// <param name="field">The field of the request or of the file at fault.</param>
    /// <param name="innerException">The cause, if one was caught.</param>
    public InvalidInputException(string reason, string? file = null, long? row = null, string? field = null, Exception? innerException = null)
        : base(Describe(reason, file, row, field), innerException)
    {
        Reason = reason;
        File = file;
        Row = row;
        Field = field;
    }

    /// <summary>What was wrong, without the location.</summary>
    public string Reason { get; }

    /// <summary>The file at fault, if the input was a file.</summary>
    public string? File { get; }

    /// <summary>The row or line at fault, if known.</summary>
    public long? Row { get; }

    /// <summary>The field at fault, if known.</summary>
    public string? Field { get; }

    private static string Describe(string reason, string? file, long? row, string? field)
    {
        var text = new StringBuilder();
        void Add(string part) => text.Append(text.Length == 0 ? "" : ", ").Append(part);
        if (file is not null)
        {
            Add(file);
        }

        if (row is not null)
        {
            Add(string.Create(CultureInfo.InvariantCulture, $"row {row}"));
        }

        if (field is not null)
        {
            Add(field);
        }

        return text.Length == 0 ? reason : text.Append(": ").Append(reason).ToString();
    }
}
