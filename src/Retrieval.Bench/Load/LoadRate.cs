using System.Globalization;

namespace Retrieval.Bench.Load;

/// <summary>A rate of arrivals: a number per second, or a multiple of the server's capacity.</summary>
/// <param name="Value">The number, above 0.</param>
/// <param name="OfCapacity">Whether it is a multiple of the capacity.</param>
internal readonly record struct LoadRate(double Value, bool OfCapacity)
{
    public const double Most = 1e6;

    /// <summary>Reads <c>200</c> or <c>10x</c>.</summary>
    public static bool TryParse(string text, out LoadRate rate)
    {
        var ofCapacity = text.EndsWith('x');
        var read = double.TryParse(ofCapacity ? text.AsSpan(..^1) : text, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out var value);
        rate = new LoadRate(value, ofCapacity);
        return read && value is > 0 and <= Most;
    }

    /// <summary>Arrivals per second.</summary>
    public double PerSecond(double capacity) => OfCapacity ? Value * capacity : Value;

    public override string ToString() => string.Create(CultureInfo.InvariantCulture, $"{Value}{(OfCapacity ? " × capacity" : "/s")}");
}
