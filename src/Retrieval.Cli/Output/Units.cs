using System.Globalization;

namespace Retrieval.Cli.Output;

/// <summary>Numbers for people.</summary>
internal static class Units
{
    private static readonly string[] Multiples = ["bytes", "KiB", "MiB", "GiB", "TiB"];

    public static string Count(long number) => number.ToString("N0", CultureInfo.InvariantCulture);

    public static string Fixed(double number, int digits) => number.ToString($"N{digits}", CultureInfo.InvariantCulture);

    public static string Small(double number) => number.ToString("0.0e+0", CultureInfo.InvariantCulture);

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

    public static string Time(TimeSpan time) => time.TotalSeconds switch
    {
        < 1 => $"{Fixed(time.TotalMilliseconds, 1)} ms",
        < 100 => $"{Fixed(time.TotalSeconds, 1)} s",
        _ => time.ToString(time.TotalHours < 1 ? @"m\:ss" : @"h\:mm\:ss", CultureInfo.InvariantCulture),
    };
}
