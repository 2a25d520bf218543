using System.Globalization;
using System.Numerics;
using System.Text;
using Retrieval.Domain.Images;

namespace Retrieval.Domain.Tests.Images;

public sealed class MetadataValueTests
{
    [Theory]
    [InlineData("0", "-0")]
    [InlineData("0", "0.000")]
    [InlineData("0", "0e999999999999")]
    [InlineData("1", "1.0")]
    [InlineData("1", "10e-1")]
    [InlineData("1", "0.01E+2")]
    [InlineData("2024", "2.024e3")]
    [InlineData("-1200", "-1.2e0003")]
    [InlineData("1e400", "10000e396")]
    public void Numbers_of_one_value_have_one_order_however_they_are_written(string one, string other)
    {
        Assert.Equal(Order(one), Order(other));
        Assert.Equal(other, Number(other).Written);
    }

    [Theory]
    [InlineData("9007199254740992", "9007199254740993")]
    [InlineData("0.1", "0.1000000000000000000000000000000000000000000000000001")]
    [InlineData("-1.5", "-1")]
    [InlineData("-1.51", "-1.5")]
    [InlineData("-1e-400", "0")]
    [InlineData("0", "1e-400")]
    [InlineData("9", "10")]
    [InlineData("-10", "-9")]
    [InlineData("-1e400", "-1e399")]
    public void Of_two_numbers_the_order_says_which_is_less_exactly(string less, string more) => Assert.True(string.CompareOrdinal(Order(less), Order(more)) < 0);

    [Theory]
    [InlineData("9.99e400", null)]
    [InlineData("1e401", "the number 1e401 is 1e401 or more in size, expected less")]
    [InlineData("-10e400", "the number -10e400 is 1e401 or more in size, expected less")]
    [InlineData("1e99999999999999999999", "the number 1e99999999999999999999 is 1e401 or more in size, expected less")]
    [InlineData("0.1e-399", null)]
    [InlineData("0.9e-400", "the number 0.9e-400 is less than 1e-400 in size, expected more or zero")]
    [InlineData("1e-99999999999999999999", "the number 1e-99999999999999999999 is less than 1e-400 in size, expected more or zero")]
    [InlineData("01", "'01' is no number as JSON writes it")]
    [InlineData("+1", "'+1' is no number as JSON writes it")]
    [InlineData(".5", "'.5' is no number as JSON writes it")]
    [InlineData("1.", "'1.' is no number as JSON writes it")]
    [InlineData("1e", "'1e' is no number as JSON writes it")]
    [InlineData("NaN", "'NaN' is no number as JSON writes it")]
    [InlineData("1\n", "'1\n' is no number as JSON writes it")]
    [InlineData("١", "'١' is no number as JSON writes it")]
    [InlineData("", "'' is no number as JSON writes it")]
    public void What_is_no_number_or_beyond_the_bounds_is_refused_with_the_reason(string written, string? reason)
    {
        Assert.Equal(reason is null, MetadataValue.OfNumber(written, out var found) is not null);
        Assert.Equal(reason, found);
    }

    [Theory]
    [InlineData(64, null)]
    [InlineData(65, "the number 11111111111111111111111111111111… has 65 significant digits, expected at most 64")]
    public void Significant_digits_are_counted_without_zeros_at_the_ends(int digits, string? reason)
    {
        MetadataValue.OfNumber($"{new string('1', digits)}{new string('0', 80)}", out var ofWhole);
        MetadataValue.OfNumber($"0.000{new string('1', digits)}0", out var ofFraction);

        Assert.Equal(reason, ofWhole);
        Assert.Equal(reason?.Replace("11111111111111111111111111111111…", "0.000111111111111111111111111111…", StringComparison.Ordinal), ofFraction);
    }

    [Fact]
    public void Random_numbers_sort_by_their_order_as_they_do_as_fractions_and_alike_as_characters_and_as_bytes()
    {
        var random = new Random(20_240);
        string[] numbers = [.. Enumerable.Range(0, 600).Select(_ => Random(random)).Distinct()];
        var scaled = numbers.ToDictionary(number => number, Scaled);
        foreach (var one in numbers)
        {
            foreach (var other in numbers)
            {
                var expected = scaled[one].CompareTo(scaled[other]);
                Assert.Equal(expected, Math.Sign(string.CompareOrdinal(Order(one), Order(other))));
                Assert.Equal(expected, Math.Sign(Encoding.UTF8.GetBytes(Order(one)).AsSpan().SequenceCompareTo(Encoding.UTF8.GetBytes(Order(other)))));
            }
        }
    }

    [Fact]
    public void A_text_has_no_order_and_is_equal_to_itself_only()
    {
        Assert.Null(MetadataValue.Of("2024").Order);
        Assert.NotEqual(MetadataValue.Of("2024"), MetadataValue.Of(2024));
        Assert.NotEqual(MetadataValue.Of("true"), MetadataValue.Of(true));
        Assert.Equal(MetadataValue.Of("a"), MetadataValue.Of("a"));
        Assert.Throws<ArgumentException>(() => ValueRange.Of(MetadataValue.Of("2024")));
    }

    [Theory]
    [InlineData("2", true, "4", true, "2 2.0 3 4")]
    [InlineData("2", false, "4", true, "3 4")]
    [InlineData("2", true, "4", false, "2 2.0 3")]
    [InlineData("2", false, "4", false, "3")]
    [InlineData(null, true, "2", true, "-10 -2.5 0 2 2.0")]
    [InlineData("3", true, null, true, "3 4 1e3")]
    [InlineData(null, true, null, true, "-10 -2.5 0 2 2.0 3 4 1e3")]
    [InlineData("-10", false, "-1", true, "-2.5")]
    [InlineData("2", true, "2.00", true, "2 2.0")]
    [InlineData("2", true, "2", false, null)]
    [InlineData("2", false, "2", true, null)]
    [InlineData("2", false, "2", false, null)]
    [InlineData("4", true, "2", true, null)]
    public void A_range_contains_the_numbers_between_its_ends_and_no_boolean(string? from, bool withFrom, string? to, bool withTo, string? found)
    {
        MetadataValue[] all = [.. "-10 -2.5 0 2 2.0 3 4 1e3".Split(' ').Select(Number), MetadataValue.Of(true), MetadataValue.Of(false)];

        var range = ValueRange.Between(from is null ? null : Number(from), to is null ? null : Number(to), withFrom, withTo);

        Assert.Equal(found is null, range.IsEmpty);
        Assert.Equal(found ?? "", string.Join(' ', all.Where(value => Contains(range, value))));
    }

    [Fact]
    public void The_range_of_one_value_contains_that_value_only()
    {
        MetadataValue[] all = [Number("-1"), Number("0"), Number("1"), Number("1.00001"), MetadataValue.Of(true), MetadataValue.Of(false)];
        foreach (var one in all)
        {
            Assert.True(ValueRange.Of(one).IsOne);
            Assert.Equal(one, Assert.Single(all, value => Contains(ValueRange.Of(one), value)));
        }

        Assert.False(ValueRange.Between(Number("1"), Number("2")).IsOne);
        Assert.Throws<ArgumentException>(() => ValueRange.Between(MetadataValue.Of(true), null));
    }

    private static MetadataValue Number(string written) => MetadataValue.OfNumber(written, out _)!;

    private static string Order(string written) => Number(written).Order!;

    private static bool Contains(ValueRange range, MetadataValue value) =>
        string.CompareOrdinal(range.From, value.Order) <= 0 && string.CompareOrdinal(value.Order, range.Before) < 0;

    // Few digits and exponents, so that many are near each other or equal.
    private static string Random(Random random)
    {
        var digits = string.Concat(Enumerable.Range(0, random.Next(1, 5)).Select(_ => random.Next(0, 3)));
        var point = random.Next(0, digits.Length);
        var whole = digits[..(point + 1)].TrimStart('0');
        var number = $"{(random.Next(2) == 0 ? "-" : "")}{(whole.Length == 0 ? "0" : whole)}{(point + 1 < digits.Length ? $".{digits[(point + 1)..]}" : "")}";
        return random.Next(2) == 0 ? number : $"{number}e{random.Next(-3, 4).ToString(CultureInfo.InvariantCulture)}";
    }

    private static BigInteger Scaled(string written)
    {
        const int Places = 20;
        var parts = written.Split('e');
        var point = parts[0].IndexOf('.', StringComparison.Ordinal);
        var digits = BigInteger.Parse(parts[0].Replace(".", "", StringComparison.Ordinal), CultureInfo.InvariantCulture);
        var fraction = point < 0 ? 0 : parts[0].Length - point - 1;
        return digits * BigInteger.Pow(10, Places - fraction + (parts.Length > 1 ? int.Parse(parts[1], CultureInfo.InvariantCulture) : 0));
    }
}
