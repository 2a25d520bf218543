using System.Globalization;
using Retrieval.Domain.Errors;

namespace Retrieval.Features.Npy;

/// <summary>
/// Parses the only Python literal in a NumPy header: a dictionary of <c>descr</c>, <c>fortran_order</c> and <c>shape</c>, each
/// exactly once. It understands nothing else of Python, so nothing can be evaluated.
/// </summary>
internal ref struct NpyHeaderText
{
    private const int MaxDimensions = 32;

    private readonly string _text;
    private readonly string _file;
    private int _at;

    private NpyHeaderText(string text, string file)
    {
        _text = text;
        _file = file;
    }

    public static (string Descriptor, bool FortranOrder, List<long> Shape) Parse(string text, string file) =>
        new NpyHeaderText(text, file).ParseDictionary();

    private (string Descriptor, bool FortranOrder, List<long> Shape) ParseDictionary()
    {
        string? descriptor = null;
        bool? fortranOrder = null;
        List<long>? shape = null;
        Expect('{');
        while (!TryTake('}'))
        {
            var keyAt = _at;
            var key = ParseString();
            Expect(':');
            switch (key)
            {
                case "descr" when descriptor is null:
                    descriptor = ParseString();
                    break;
                case "fortran_order" when fortranOrder is null:
                    fortranOrder = ParseBoolean();
                    break;
                case "shape" when shape is null:
                    shape = ParseTuple();
                    break;
                default:
                    throw Error($"unexpected or repeated key '{key}'", keyAt);
            }

            if (!TryTake(','))
            {
                Expect('}');
                break;
            }
        }

        SkipSpace();
        if (_at < _text.Length && _text.AsSpan(_at) is not "\n")
        {
            throw Error("unexpected text after the dictionary", _at);
        }

        if (descriptor is null || fortranOrder is null || shape is null)
        {
            throw Error("expected the keys descr, fortran_order and shape", 0);
        }

        return (descriptor, fortranOrder.Value, shape);
    }

    private List<long> ParseTuple()
    {
        var sizes = new List<long>();
        Expect('(');
        while (!TryTake(')'))
        {
            sizes.Add(ParseSize());
            if (sizes.Count > MaxDimensions)
            {
                throw Error($"more than {MaxDimensions} dimensions", _at);
            }

            if (!TryTake(','))
            {
                Expect(')');
                if (sizes.Count == 1)
                {
                    throw Error("a number in parentheses where a tuple was expected", _at);
                }

                break;
            }
        }

        return sizes;
    }

    private long ParseSize()
    {
        SkipSpace();
        var start = _at;
        if (_at < _text.Length && _text[_at] == '-')
        {
            throw Error("a negative size", start);
        }

        while (_at < _text.Length && char.IsAsciiDigit(_text[_at]))
        {
            _at++;
        }

        var digits = _text.AsSpan(start, _at - start);
        if (digits.IsEmpty || (digits.Length > 1 && digits[0] == '0'))
        {
            throw Error("expected a whole number", start);
        }

        if (!long.TryParse(digits, NumberStyles.None, CultureInfo.InvariantCulture, out var size))
        {
            throw Error("a size beyond 64 bits", start);
        }

        // Python 2 wrote long integers with this suffix.
        if (_at < _text.Length && _text[_at] == 'L')
        {
            _at++;
        }

        return size;
    }

    private bool ParseBoolean()
    {
        SkipSpace();
        foreach (var (word, value) in ((string, bool)[])[("False", false), ("True", true)])
        {
            if (_text.AsSpan(_at).StartsWith(word, StringComparison.Ordinal))
            {
                _at += word.Length;
                return value;
            }
        }

        throw Error("expected True or False", _at);
    }

    private string ParseString()
    {
        SkipSpace();
        var start = _at;
        if (_at >= _text.Length || _text[_at] is not ('\'' or '"'))
        {
            // A structured type appears here as a list, e.g. [('x', '<f4')].
            throw Error("expected a quoted word; structured types are not supported", start);
        }

        var end = _text.IndexOf(_text[_at], _at + 1);
        if (end < 0 || end - start > 64 || _text.AsSpan(start, end - start).Contains('\\'))
        {
            throw Error("expected a short quoted word", start);
        }

        _at = end + 1;
        return _text[(start + 1)..end];
    }

    private void Expect(char expected)
    {
        if (!TryTake(expected))
        {
            throw Error($"expected '{expected}'", _at);
        }
    }

    private bool TryTake(char expected)
    {
        SkipSpace();
        if (_at < _text.Length && _text[_at] == expected)
        {
            _at++;
            return true;
        }

        return false;
    }

    private void SkipSpace()
    {
        while (_at < _text.Length && _text[_at] == ' ')
        {
            _at++;
        }
    }

    private readonly InvalidInputException Error(string reason, int at) =>
        new($"{reason} at character {at} of the header", _file);
}
