using System.Globalization;

namespace Retrieval.Terminal.Output;

/// <summary>Formats numbers for people.</summary>
public static class Units
{
    private static readonly string[] Multiples = ["bytes", "KiB", "MiB", "GiB", "TiB"];

    /// <summary>A whole number, e.g. <c>31,014</c>.</summary>
    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    /// <summary>A whole number with what it counts, e.g. <c>1 image</c> and <c>31,014 images</c>.</summary>
    /// <param name="number">How many.</param>
    /// <param name="one">The word for one; others have an s behind it.</param>
    public static string Counted(long number, string one) => $"{Count(number)} {one}{(number == 1 ? "" : "s")}";

    /// <summary>A number with the given count of digits after the decimal point.</summary>
    public static string Fixed(double number, int digits) => number.ToString($"N{digits}", CultureInfo.InvariantCulture);

    /// <summary>A score: four digits after the point, or where these would hide it three that count, e.g. <c>0.9955</c> and <c>3.07e-6</c>.</summary>
    public static string Score(double number) => Math.Abs(number) is 0 or >= 1e-3 ? Fixed(number, 4) : number.ToString("0.00e+0", CultureInfo.InvariantCulture);

    /// <summary>A number close to zero, e.g. <c>1.8e-7</c>.</summary>
    public static string Small(double number) => number.ToString("0.0e+0", CultureInfo.InvariantCulture);

    /// <summary>E.g. <c>1.3 GiB</c>.</summary>
    public static string Bytes(long bytes)
    {
        double value = bytes;
        var multiple = 0;
        for (; value >= 1024 && multiple < Multiples.Length - 1; multiple++)
        {
            value /= 1024;
        }

        return multiple == 0 ? $"{Count(bytes)} bytes" : $"{Fixed(value, 1)} {Multiples[multiple]}";
    }

    /// <summary>E.g. <c>20.1 s</c> or <c>3:05</c>.</summary>
    public static string Time(TimeSpan time) => time.TotalSeconds switch
    {
        < 1 => $"{Fixed(time.TotalMilliseconds, 1)} ms",
        < 100 => $"{Fixed(time.TotalSeconds, 1)} s",
        _ => time.ToString(time.TotalHours < 1 ? @"m\:ss" : @"h\:mm\:ss", CultureInfo.InvariantCulture),
    };
}
