using System.ComponentModel.DataAnnotations;
using System.Globalization;
using System.Reflection;

namespace Retrieval.Server.Configuration;

/// <summary>Compares the values of a section with the range attributes of its properties.</summary>
internal static class Ranges
{
    /// <summary>Adds a fault for each value that is out of its range.</summary>
    /// <param name="faults">Receives the faults.</param>
    /// <param name="section">The section's key.</param>
    /// <param name="options">The section.</param>
    public static void Check(List<string> faults, string section, object options)
    {
        foreach (var property in KeyFaults.PropertiesOf(options.GetType()))
        {
            if (property.GetCustomAttribute<RangeAttribute>() is { } range)
            {
                Within(faults, $"{section}:{property.Name}", Number(property.GetValue(options)!), Number(range.Minimum), Number(range.Maximum));
            }
        }
    }

    /// <summary>Adds a fault if a value is out of a range; NaN is out of range.</summary>
    public static void Within(List<string> faults, string key, double value, double least, double most)
    {
        if (!(value >= least && value <= most))
        {
            faults.Add(string.Create(CultureInfo.InvariantCulture, $"{key} is {value}; expected {least} to {most}"));
        }
    }

    private static double Number(object value) => Convert.ToDouble(value, CultureInfo.InvariantCulture);
}
